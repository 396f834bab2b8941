import type uPlot from 'uplot';

/**
 * Times on the axis of a chart, with 24 hours and the day where it begins: from so many seconds between two ticks on the text of each, and
 * what stands below where a year, month, day, hour, minute or second is new.
 */
export const timeTicks: uPlot.Axis.Values = [
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{H}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, ':{ss}', '\n{D} {MMM} {H}:{mm}', null, '\n{D} {MMM} {H}:{mm}', null, '\n{H}:{mm}', null, 1],
];

/** What the legend says of the time that is pointed to. */
export const timeSeries: uPlot.Series = { label: 'time', value: '{D} {MMM} {H}:{mm}:{ss}' };
