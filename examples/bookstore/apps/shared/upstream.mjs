/**
 * Where a Service is, by the variables that Kubernetes (and `smi-cli up`) give every program:
 * `<SERVICE>_SERVICE_HOST` and `<SERVICE>_SERVICE_PORT`. Without them, its DNS name and port 14001.
 */
export function upstream(service) {
  const prefix = service.toUpperCase().replaceAll('-', '_');
  return {
    host: process.env[`${prefix}_SERVICE_HOST`] ?? service,
    port: Number(process.env[`${prefix}_SERVICE_PORT`] ?? 14001),
  };
}
