// For the tests only: analyses of models of which replicates have diverged, as stubs.
// --files: a folder of empty files that are called as those of the models.

include { ATTRIBUTE } from '../../subworkflows/local/attribute'
include { COOPERATE } from '../../subworkflows/local/cooperate'
include { bestRuns } from '../../subworkflows/local/train/replicates.nf'

workflow {
    def plan = [known: [motif_db: null], options: [attribute: [attribution: true], annotate: [:], cooperate: [cooperativity: 'A:B']]]
    def plans = [
        whole: plan + [models: ['explainn', 'cnn1'], units: [5]],
        lost: plan + [models: ['explainn', 'cnn1'], units: [5, 10]],   // explainn_u10 has diverged in both
        plain: plan + [models: ['cnn1'], units: [5]],
    ]
    def named = { dataset, model, number -> [id: "${dataset}.${model}.r${number}".toString(), dataset: dataset, assay: 'sequences', model: model, architecture: model.tokenize('_')[0], replicate: number] }
    def runs = [
        ['whole', 'explainn', 1], ['whole', 'explainn', 2], ['whole', 'cnn1', 2],
        ['lost', 'explainn_u5', 2], ['lost', 'cnn1', 1], ['lost', 'cnn1', 2],
        ['plain', 'cnn1', 2],
    ].collect(named)
    def lost = [['whole', 'cnn1', 1], ['lost', 'explainn_u5', 1], ['lost', 'explainn_u10', 1], ['lost', 'explainn_u10', 2], ['plain', 'cnn1', 1]].collect(named)
    def of = { run, kind -> file("${params.files}/${run.id}.${kind}") }
    def units = runs.findAll { run -> run.architecture == 'explainn' }

    models = channel.fromList(runs).map { run -> [run, of.call(run, 'model.safetensors'), file("${params.files}/${run.dataset}.dataset.parquet")] }
    history = channel.fromList(runs).map { run -> [run, of.call(run, 'history.tsv')] }
    predictions = channel.fromList(runs).map { run -> [run, of.call(run, 'predictions.parquet')] }
    motifs = channel.of([[motif_db: null], file("${params.files}/known.meme")])
    read = channel.fromList(units).map { run -> [run, of.call(run, 'units.meme'), []] }

    diverged = channel.fromList(lost).map { run -> [run, of.call(run, 'diverged.json')] }
    best = bestRuns(history, diverged, channel.fromList(plans.keySet().collect { id -> [id, 2] }))
    def code = [:].withDefault { _process -> 'code' }

    ATTRIBUTE(models, best, predictions, read, motifs, plans, code)
    COOPERATE(models, best, read, channel.empty(), motifs, plans, code)
}
