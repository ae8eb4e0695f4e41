// How many replicates a model has, and the best one, chosen once: it speaks for the model in every analysis that asks one of them.

// Of [ run, history.tsv ] and [ run, diverged.json ]: [ run ] of the replicate with the smallest validation loss,
// as soon as the last of a model's replicates is there; nothing where all have diverged.
def bestRuns(history, diverged, replicates) {
    return history.mix(diverged.map { run, _why -> [run, null] })
        .map { run, epochs -> [run.dataset, run, epochs] }
        .combine(replicates, by: 0)
        .map { dataset, run, epochs, count -> [groupKey([dataset, run.model], count), [run: run, epochs: epochs]] }
        .groupTuple(remainder: true)
        .map { _model, all -> all.findAll { one -> one.epochs }.sort { one -> one.run.replicate } }
        .filter { trained -> trained }
        .map { trained -> [bestOf(trained)] }
}

// Of [ [run: [...], epochs: history.tsv or null], ... ]: the run with the smallest validation loss, the first of equals.
def bestOf(List trained) {
    return trained.min { one -> one.epochs ? validLoss(one.epochs) : Double.POSITIVE_INFINITY }.run
}

// The smallest validation loss of a history; infinite where none is a finite number.
def validLoss(Object epochs) {
    def rows = epochs.readLines()*.split('\t', -1)
    def column = rows ? rows[0].toList().indexOf('valid_loss') : -1
    def losses = column < 0 ? [] : rows.drop(1).collect { row -> row[column] }.findAll { cell -> cell.isDouble() }*.toDouble()
    return ([Double.POSITIVE_INFINITY] + losses.findAll { loss -> Double.isFinite(loss) }).min()
}

// The name that a model's replicates share: [id: 'oct4.explainn', dataset: 'oct4', assay: 'sequences', model: 'explainn'].
def modelOf(Map run) {
    return [id: "${run.dataset}.${run.model}".toString(), dataset: run.dataset, assay: run.assay, model: run.model]
}

// Of [ run, file or files ]: the files of all replicates of a model, sorted (or nothing would be cached), each name once,
// as soon as the last of them is there, or at the end where some have diverged; nothing where all have.
def perModel(files, replicates) {
    return files
        .map { run, some -> [run.dataset, run, some] }
        .combine(replicates, by: 0)
        .map { _dataset, run, some, count -> [groupKey(modelOf(run), count), some] }
        .groupTuple(remainder: true)
        .map { key, all -> [key.getGroupTarget(), all.flatten().unique { path -> path.name }.sort { path -> path.name }] }
        .filter { _meta, all -> all }
}

// The table of the motif rows of every ExplaiNN: [ [id: 'oct4.explainn', ...], oct4.explainn.evidence.tsv ]; of earlier
// versions that of its units.
def rowsOf(named) {
    return named.filter { _meta, file -> file instanceof List }
        .map { meta, some -> [meta, some.find { path -> path.name.endsWith('.evidence.tsv') || path.name.endsWith('.units.tsv') }] }
        .filter { _meta, table -> table }
}

// That with the rows' motifs: [ [id: 'oct4.explainn', ...], oct4.explainn.evidence.tsv, [oct4.explainn.evidence.meme] ]; of
// earlier versions they have none.
def rowsAndMotifsOf(named) {
    return rowsOf(named).join(named.filter { _meta, file -> file instanceof List && file.any { path -> path.name ==~ /.*\.(evidence|units)\.tsv/ } })
        .map { meta, table, some -> [meta, table, some.findAll { path -> path.name.endsWith('.evidence.meme') }] }
}

// The number of models of each architecture, after the preparation has chosen the folds.
def replicatesOf(Map plan, int folds) {
    return (plan.replicates ?: (folds > 1 ? folds : plan.spec.options.folds > 1 ? plan.spec.options.folds : 3)) as int
}
