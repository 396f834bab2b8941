import { spawnSync } from 'node:child_process';

export type PrometheusProgram = 'prometheus' | 'promtool';

const install = 'apt-get install --no-install-recommends prometheus';

/** Why a program of Prometheus cannot be run, with what to do; nothing when it can. Throws instead where CI=true. */
export function prometheusMissing(program: PrometheusProgram): string | undefined {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (error === undefined) return undefined;
  const reason = `there is no ${program}: ${install}`;
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}
