export { createPalette, type Palette } from './runtime/palette';
export type { PaletteParts } from './runtime/house';
export { paletteFiles, type PaletteSources } from './editor/palette-files';
