export { observeAliases } from './observe-aliases.js'
export { promoteModel } from './promote-model.js'
