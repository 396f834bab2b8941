import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const programs = [process.env.CHROMIUM_BIN, '/usr/bin/chromium', '/usr/bin/chromium-browser'];

const executablePath = programs.find((file) => file !== undefined && existsSync(file));

/** Why there is no browser, for whoever reads that tests were skipped; nothing where there is one, or has to be one. */
export const noBrowser =
  executablePath === undefined && process.env.CI !== 'true'
    ? 'no Chromium: apt-get install chromium, or set CHROMIUM_BIN'
    : undefined;

export async function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM_BIN');
  // Tests may run as root, which Chromium's sandbox refuses; they open pages of this machine alone.
  return await chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
