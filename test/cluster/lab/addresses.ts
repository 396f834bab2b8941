/** Where everything of a lab is. One lab runs at a time, so these are fixed; nothing of them is seen outside of its namespaces but one link. */

/** Of the network that joins the nodes, the control plane and this machine. */
export const controlPlaneAddress = '10.89.0.1';
/** This machine, as seen by nodes and pods: whatever a test listens on there is outside of the cluster. */
export const outsideAddress = '10.89.0.254';
/** What DNS of the cluster gives for `outsideAddress`. */
export const outsideName = 'outside.example.org';
export const prefixLength = 24;

export const apiserverUrl = `https://${controlPlaneAddress}:6443`;
export const podRange = '10.244.0.0/16';
export const serviceRange = '10.96.0.0/16';
export const apiserverService = '10.96.0.1';
export const dnsService = '10.96.0.10';

/** How many nodes a lab may ever have; their credentials are made at its start. */
export const maximumNodes = 5;

export const nodeName = (number: number): string => `node-${number}`;
export const nodeAddress = (number: number): string => `10.89.0.${10 + number}`;
export const nodePodRange = (number: number): string => `10.244.${number}.0/24`;
