// Folds and replicates: what is requested, and whether it is consistent.

include { headsAmong } from './features.nf'

// What the preparation is told: the number of folds; 1 is one split; 0: folds where the data set is small.
def plannedFolds(Map options, List rows, Map parameters, Map architectures) {
    def heads = headsAmong(architectures)
    def recipe = options.recipe ?: parameters.recipe.default   // null where nobody gave it
    def learns = !options.models.tokenize(',').every { model -> model in heads }   // else nothing trains by the robust recipe
    def free = learns && options.replicates == null && recipe == 'robust' && options.split_by == 'random' && !splitsAsked(options, rows, parameters)
    return options.folds ?: (free ? 0 : 1)
}

// Columns and parameters that already define the test part.
def splitsAsked(Map options, List rows, Map parameters) {
    def named = ['split_column', 'valid_chromosomes', 'test_chromosomes'].findAll { name -> options[name] }
    def shares = ['valid_fraction', 'test_fraction'].findAll { name -> options[name] != parameters[name].default }
    return (rows.any { row -> row.split } ? ['the column split'] : []) + named + shares
}

def foldProblems(Map options, List rows, Map parameters) {
    def folds = options.folds ?: 1
    if (folds == 1) {
        return []
    }
    if (folds == 2) {
        return ['folds is 2; give 1 for one split, or 3 and more: one fold is for testing, one for early stopping, the others for training.']
    }
    def asked = splitsAsked(options, rows, parameters)
    def problems = asked ? ["folds ${folds} cannot be used with ${asked.join(' and ')}: every sequence is held out once; leave one of them out."] : []
    def number = options.replicates
    return problems + (number && number % folds ? ["replicates is ${number}, which is not a multiple of folds (${folds}), but every fold is tested equally often; use ${folds}, ${2 * folds} or ${3 * folds}, or leave replicates out for one model per fold."] : [])
}
