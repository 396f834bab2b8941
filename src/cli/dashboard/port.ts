/** Where the dashboard listens unless told otherwise; of several local meshes each takes the next. */
export const dashboardPort = 15_080;
export const sparePorts = 15;
