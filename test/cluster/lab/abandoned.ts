// Starts a lab, prints where it is, and waits to be killed: what a test run that dies leaves behind.
import { startLab } from './lab.ts';

const { folder } = await startLab({ nodes: 1 });
console.log(folder);
setInterval(() => undefined, 60_000);
