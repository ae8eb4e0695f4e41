// For analyses that ask the best replicate of a model: the files of all of them, since their histories say which it is.

// Of [ run, files, oct4.dataset.parquet ] of every replicate
// [ [id: 'oct4.explainn', dataset: 'oct4', ...], files of all that did not diverge, sorted by name (or nothing would be cached), oct4.dataset.parquet ].
def byModel(runs, Map plans) {
    return runs
        .map { run, files, dataset ->
            def meta = [id: "${run.dataset}.${run.model}".toString(), dataset: run.dataset, assay: run.assay, model: run.model]
            [groupKey(meta, plans[run.dataset].replicates as int), files, dataset]
        }
        .groupTuple(remainder: true)   // a replicate that diverged has no files
        .map { key, files, dataset -> [key.getGroupTarget(), files.flatten().sort { path -> path.name }, dataset[0]] }
}
