export declare const cacheFolder: () => string;
