import { describe, expect, test } from 'vitest';
import { evaluateTemplate } from '../../../src/chart/evaluate.ts';
import { parseTemplate } from '../../../src/chart/parse-template.ts';

const data = {
  Values: { name: 'one', none: '', count: 2, list: ['a', 'b'], map: { b: 'on', a: '1' }, empty: {}, off: false },
};

function render(source: string): string {
  const { body, definitions } = parseTemplate(source);
  return evaluateTemplate(body, data, definitions);
}

describe('a template is rendered as Helm does it', () => {
  test.each([
    ['a field', 'x: {{ .Values.name }}', 'x: one'],
    ['a number', '{{ .Values.count }}', '2'],
    ['a pipeline', '{{ .Values.name | quote }}', '"one"'],
    ['a fallback', '{{ .Values.none | default "two" }} {{ .Values.name | default "two" }}', 'two one'],
    ['trimming before', 'a\n  {{- .Values.name }}', 'aone'],
    ['trimming after', '{{ .Values.name -}}  \n b', 'oneb'],
    ['a comment', 'a{{/* no }} one */}}b', 'ab'],
    ['a comment that trims', 'a {{- /* x */ -}} b', 'ab'],
    ['if', '{{ if .Values.name }}yes{{ end }}{{ if .Values.off }}no{{ end }}', 'yes'],
    ['else', '{{ if .Values.empty }}yes{{ else }}no{{ end }}', 'no'],
    ['else if', '{{ if .Values.off }}1{{ else if .Values.name }}2{{ else }}3{{ end }}', '2'],
    ['with', '{{ with .Values.map }}{{ .a }}{{ $.Values.name }}{{ end }}{{ with .Values.none }}x{{ end }}', '1one'],
    ['range', '{{ range .Values.list }}[{{ . }}]{{ end }}', '[a][b]'],
    ['and, or, not', '{{ if and .Values.name (not .Values.off) (or .Values.none .Values.count) }}yes{{ end }}', 'yes'],
    ['comparison', '{{ if gt .Values.count 1 }}many{{ end }}{{ if eq .Values.name "one" "two" }}!{{ end }}', 'many!'],
    ['a choice', '{{ ternary "a" "b" .Values.off }}', 'b'],
    ['a definition', '{{ define "x" }}<{{ .name }}>{{ end }}{{ include "x" .Values }}', '<one>'],
    [
      'indented YAML, sorted, with quotes where YAML 1.1 needs them',
      'm:{{ toYaml .Values.map | nindent 2 }}',
      'm:\n  a: "1"\n  b: "on"',
    ],
    [
      'merged mappings',
      '{{ toYaml (mergeOverwrite (dict "a" (dict "b" 1 "c" 2)) (dict "a" (dict "c" 3))) }}',
      'a:\n  b: 1\n  c: 3',
    ],
    ['braces in a text', '{{ "}}" }}', '}}'],
  ])('%s', (_, source, text) => {
    expect(render(source)).toBe(text);
  });
});

describe('what Helm would refuse, or print as nothing, is refused', () => {
  test.each([
    ['a field that is not there', '{{ .Values.other }}', 'no text'],
    ['a field of nothing', '{{ .Values.other.more }}', 'no field "more"'],
    ['a function that is not known', '{{ .Values.name | upper }}', '"upper" is not known'],
    ['a definition that is not there', '{{ include "y" . }}', 'nothing is defined as "y"'],
    ['a block without end', '{{ if .Values.name }}x', '"end" is missing'],
    ['an end without block', 'x{{ end }}', 'ends nothing'],
    ['a variable', '{{ $x := 1 }}', 'is not understood'],
    ['a parenthesis that stays open', '{{ quote (.Values.name }}', '")" is missing'],
  ])('%s', (_, source, message) => {
    expect(() => render(source)).toThrow(message);
  });
});
