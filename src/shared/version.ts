/** Version of Thaw, as in package.json; a unit test holds the two together. */
export const THAW_VERSION = '0.1.0';
