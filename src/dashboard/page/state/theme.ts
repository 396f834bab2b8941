import { effect, signal } from '@preact/signals';

const key = 'smi-mesh-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const chosen = localStorage.getItem(key);

export const theme = signal<'light' | 'dark'>(
  chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light',
);

dark.addEventListener('change', () => {
  if (localStorage.getItem(key) === null) theme.value = dark.matches ? 'dark' : 'light';
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function switchTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(key, theme.value);
}
