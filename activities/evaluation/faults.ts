/** Why an evaluation could not be carried out: what it means for a reader, and how to mend it. */
export const childFaults = {
  'class-order': {
    why: 'Taking the wrong class as the favourable one turns every figure upside down without any sign of it.',
    remedy:
      'Give the policy the positive label as the model knows it, or export the score of the positive class alone.',
  },
  'column-missing': {
    why: 'Columns are bound by name; one that is missing cannot be guessed.',
    remedy:
      'Name the column in the policy as the evaluation set does, or mend the set and its digest.',
  },
  'column-repeated': {
    why: 'With two columns of one name nobody can say which one was evaluated.',
    remedy: 'Give every column of the evaluation set a name of its own.',
  },
  'group-name': {
    why: 'A value this long is not the name of a group.',
    remedy: 'Name a column with few, short values in the policy.',
  },
  'groups-too-many': {
    why: 'A column with this many values is an identifier, not a group.',
    remedy: 'Name a column with few values in the policy, or put its values into bands.',
  },
  'label-missing': {
    why: 'A row without a label cannot be counted, and leaving it out would change the population.',
    remedy: 'Complete the labels of the evaluation set.',
  },
  'label-values': {
    why: 'A positive label that is spelled otherwise, or a third label, would silently count as negative.',
    remedy: 'Use exactly two labels in the evaluation set, one of them spelled as in the policy.',
  },
  'model-changed': {
    why: 'The bytes that would have been run are not those of the snapshot.',
    remedy: 'Take the snapshot again; find out who can write to the copy.',
  },
  'model-external-data': {
    why: 'A model that reads other files can read any file that its process can reach.',
    remedy: 'Save the model with all its values in one file.',
  },
  'model-inputs': {
    why: 'Values in the wrong place give scores that look like any others.',
    remedy:
      'Give the model either one float input [N, number of features], or one input per feature with its name.',
  },
  'model-labels': {
    why: 'Only a model with two classes has one score that a threshold can decide on.',
    remedy: 'Export a binary classifier.',
  },
  'model-load': {
    why: 'A model that the runtime does not load cannot be evaluated.',
    remedy: 'Export it for ONNX Runtime 1.30 with standard operators, and load it there once.',
  },
  'model-malformed': {
    why: 'Bytes that only look like a model may be read differently by whoever serves it.',
    remedy: 'Export the model again.',
  },
  'model-run': {
    why: 'A model that fails on the evaluation set would fail on such input in production.',
    remedy: 'Run the model on the evaluation set with ONNX Runtime and mend what it reports.',
  },
  'model-unsteady': {
    why: 'A model that answers the same input differently cannot be vouched for.',
    remedy: 'Remove random operators from the exported graph.',
  },
  'model-zipmap': {
    why: 'A ZipMap output is a list of maps, which the runtime cannot hand over.',
    remedy: "Export with options={'zipmap': False}.",
  },
  'out-of-memory': {
    why: 'A model that asks for more memory than it was given could take its host down.',
    remedy: 'Reduce the model or the evaluation set, or raise the memory limit of the evaluation.',
  },
  'output-missing': {
    why: 'The policy names the output that holds the score; another one may mean anything.',
    remedy: 'Name in the policy one of the outputs that the model has.',
  },
  'output-shape': {
    why: 'Scores must be one per row, or two per row for two classes.',
    remedy: 'Name the output with the probabilities; keep the number of rows free in the graph.',
  },
  'output-type': {
    why: 'A label is not a score: it hides its threshold, and turns an undefined score into a decision.',
    remedy: 'Name the output with the probabilities, of type float or double.',
  },
  'rows-lost': {
    why: 'Rows that vanish between reading and counting would make the figures those of another set.',
    remedy: 'Run the check again; if it stays, report the evaluation set and this finding.',
  },
  'score-not-finite': {
    why: 'A score that is no number falls on one side of every threshold and looks like a decision.',
    remedy: 'Find the rows for which the model has no answer, and mend the model.',
  },
  'score-out-of-range': {
    why: 'What is not a probability cannot be held against a threshold between 0 and 1.',
    remedy: 'Export probabilities, not raw margins or logits.',
  },
  'set-empty': {
    why: 'On no rows, nothing can be shown.',
    remedy: 'Name an evaluation set with rows in the policy.',
  },
  'set-unreadable': {
    why: 'Only a well-formed CSV (comma, header, UTF-8) or Parquet file can be counted row by row.',
    remedy: 'Write the evaluation set again, and put its new digest into the governance set.',
  },
  'value-missing': {
    why: 'A model answers a missing value with a score that looks like any other.',
    remedy: 'Complete the features of the evaluation set, or remove the rows in its making.',
  },
  'value-not-a-number': {
    why: 'Text or an infinite value in a numeric feature would be scored as if it meant something.',
    remedy: 'Write finite decimal numbers into the numeric features.',
  },
} as const

export const parentFaults = {
  'child-crashed': {
    why: 'A model that brings its process down would do so in production.',
    remedy: 'Run the model with ONNX Runtime 1.30 on the evaluation set and mend the crash.',
  },
  'child-protocol': {
    why: 'The process that ran the model said what it should not: the model may have taken it over.',
    remedy: 'Treat the model as hostile until its graph was examined.',
  },
  deadline: {
    why: 'A model that does not come to an end would hold up whatever serves it.',
    remedy: 'Look for loops in the graph, or raise the deadline of the evaluation.',
  },
  'label-is-feature': {
    why: 'A model that is given the answer proves nothing.',
    remedy: 'Take the label out of the features in the policy.',
  },
  'onnx-missing': {
    why: 'Only an ONNX model can be run without running its code.',
    remedy: 'Export the model to ONNX and register it as a new version.',
  },
  'onnx-several': {
    why: 'With several models nobody can say which one will serve.',
    remedy: 'Register one ONNX model per version.',
  },
  'set-digest-mismatch': {
    why: 'Figures from another set than the one that the policy names say nothing about this policy.',
    remedy:
      'Restore the evaluation set, or have its owner put the new digest into the governance set.',
  },
  'set-missing': {
    why: 'Without the set that the policy names nothing can be evaluated.',
    remedy: 'Put the evaluation set where the governance set says that it lies.',
  },
} as const

export type ChildFault = keyof typeof childFaults
export type Fault = ChildFault | keyof typeof parentFaults

export function isChildFault(code: string): code is ChildFault {
  return Object.hasOwn(childFaults, code)
}
