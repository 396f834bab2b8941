/** An exact share, `9/10`, for people: two digits after the point where they say something. */
export function percent(share: string): string {
  const [weight = 0, total = 1] = share.split('/').map(Number);
  return `${Math.round((weight / total) * 10_000) / 100} %`;
}
