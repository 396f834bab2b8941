// Waits until the process that holds the other end of its standard input is gone, and removes what that one's lab left.
import { removeLeftovers } from './run-folder.ts';

for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.on('end', () => void removeLeftovers(process.argv[2]!)).resume();
