/** Makes the root file system of the image in `folder`, which has to be absent or empty; `node` goes into it. */
export function makeImageTree(folder: string, node: string): void;
