include { STREME_PREPARE } from '../../../modules/local/streme/prepare'
include { STREME_RUN } from '../../../modules/local/streme/run'
include { DISCOVERY_COMPARE } from '../../../modules/local/discovery/compare'

// STREME on the training sequences of every task, and its motifs compared with those of the models' units.
workflow DISCOVER {
    take:
    readable   // [ run, model.safetensors, dataset.parquet ]
    units      // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    timing     // [ run, [timing.tsv, model.tsv] ]
    named      // [ [id: 'oct4.explainn', ...], file or files ]: the evidence, ...
    motifs     // [ [motif_db: null, ...], known_motifs.meme ]
    plans      // [ oct4: [options: [discover: [streme: true, ...], ...], known: [...]], ... ]
    code

    main:
    wanted = readable.filter { run, _model, _dataset -> plans[run.dataset].options.discover.streme }
    datasets = wanted.map { run, _model, dataset -> [[id: run.dataset, assay: run.assay], dataset] }.unique { meta, _dataset -> meta.id }

    STREME_PREPARE(datasets, code.STREME_PREPARE)

    // One task of Nextflow per task and fold of the data set, whose files are called task1, or task1_fold2:
    // [ [id: 'oct4', number: '1', fold: '2', ...], [...], positives.fa, negatives.fa ]
    STREME_RUN(
        STREME_PREPARE.out.sequences.flatMap { meta, files ->
            files.groupBy { path -> path.name.tokenize('.')[-3] }.collect { part, pair ->
                def (number, fold) = (part - 'task').tokenize('_')
                def sorted = pair.sort { path -> path.name }   // negatives before positives
                [meta + [number: number, fold: fold?.minus('fold')], plans[meta.id].options.discover.findAll { name, _value -> name.startsWith('streme_') }, sorted[1], sorted[0]]
            }
        },
        stremeIsThere(),
    )

    // All that STREME left of a data set, however much of it came to an end: [ 'oct4', [oct4.task1.streme.txt, ...] ]
    left = STREME_RUN.out.found
        .map { meta, outcome, files -> [meta.id, [outcome] + files] }
        .mix(STREME_PREPARE.out.tasks.map { meta, tasks -> [meta.id, [tasks]] })
        .groupTuple()
        .map { id, files -> [id, files.flatten()] }

    // Groups of units: [ 'oct4.explainn', [oct4.explainn.evidence.meme, oct4.explainn.evidence.tsv] ]
    evidence = named.filter { _meta, file -> file instanceof List }
        .map { meta, some -> [meta.id, some.findAll { path -> path.name.endsWith('.evidence.tsv') || path.name.endsWith('.evidence.meme') }] }
        .filter { _id, some -> some }

    // What is known of a model: [ 'oct4', [id: 'oct4.explainn', ...], [r1.units.meme, r1.units.tsv, r1.effects.tsv, r1.timing.tsv, ...], oct4.dataset.parquet ]
    models = wanted
        .join(units)
        .join(timing)
        .map { run, _model, dataset, meme, tables, clocks ->
            def read = tables.findAll { path -> ['.effects.tsv', '.units.tsv', '.reestimated.meme'].any { end -> path.name.endsWith(end) } }
            [[id: "${run.dataset}.${run.model}".toString(), dataset: run.dataset, assay: run.assay, model: run.model], [meme] + read + [clocks].flatten(), dataset]
        }
        .groupTuple()
        .map { meta, files, dataset -> [meta.id, meta, files.flatten(), dataset[0]] }
        .join(evidence)
        .map { _id, meta, files, dataset, groups -> [meta.dataset, meta, files + groups, dataset] }

    DISCOVERY_COMPARE(
        models.combine(left, by: 0)
            .map { id, meta, files, dataset, streme -> [plans[id].known, meta, (files + streme).sort { path -> path.name }, dataset] }
            .combine(motifs, by: 0)
            .map { _known, meta, files, dataset, known -> [meta, plans[meta.dataset].options.discover, dataset, known, files] },
        code.DISCOVERY_COMPARE,
    )

    files = DISCOVERY_COMPARE.out.compared

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.discovery.tsv, ...] ]
}

// Whether streme is on the PATH; with a container engine it is in its image.
def stremeIsThere() {
    return workflow.containerEngine != null || (System.getenv('PATH') ?: '').tokenize(':').any { folder -> java.nio.file.Files.isExecutable(java.nio.file.Path.of(folder, 'streme')) }
}
