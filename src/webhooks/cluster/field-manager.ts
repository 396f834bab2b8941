/** In whose name server-side apply writes fields of definitions and webhook configurations. */
export const fieldManager = 'smi-mesh-controller';
