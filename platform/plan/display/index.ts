export { printDetail } from "./detail";
export { painter } from "./style";
export { printTree } from "./tree";
export type { ValueStyle } from "./values";
