import { type MeshWork, measureMesh } from './measure.ts';

/** Measures one mesh in a process of its own, so that its memory is its own: reads `MeshWork` and prints `MeshFigures`, in JSON. */
const work = JSON.parse(process.argv[2] ?? '') as MeshWork;
console.log(JSON.stringify(measureMesh(work)));
