/** Jest's end of a run: the folder for temporary files goes. */
module.exports = require('./folder.cjs').remove;
