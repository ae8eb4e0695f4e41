include { UNITS_INTERPRET } from '../../../modules/local/units/interpret'
include { UNITS_SUMMARISE } from '../../../modules/local/units/summarise'
include { modelOf; perModel } from '../train/replicates.nf'

// Motifs of the units of all replicates: annotation, effects and evidence.
workflow INTERPRET {
    take:
    trained   // [models: ..., best: ..., history: ..., diverged: ..., predictions: ..., metrics: ..., baseline: ...], channels of TRAIN
    tables    // [ [id: 'oct4', ...], [oct4.counts.tsv, ...] ]
    motifs    // [ [motif_db: null, jaspar_release: null, jaspar_taxon: 'vertebrates'], known_motifs.meme ]
    replicates // [ oct4, 3 ]: models of each architecture
    plans     // [ oct4: [options: [...], known: [motif_db: ...]], ... ]
    code

    main:
    UNITS_INTERPRET(
        trained.models.join(trained.predictions, failOnDuplicate: true).map { run, model, dataset, predictions ->
            [run, plans[run.dataset].options.interpret, model, dataset, predictions]
        },
        code.UNITS_INTERPRET,
    )
    units = UNITS_INTERPRET.out.meme.join(UNITS_INTERPRET.out.tables, failOnDuplicate: true, failOnMismatch: true)   // [ run, units.meme, [effects.tsv, units.tsv, ...] ]

    outputs = UNITS_INTERPRET.out.outputs

    missing = trained.diverged.map { run, _why -> [run, []] }   // counts among the replicates, and has no files

    best = trained.best.map { only -> [modelOf(only[0]), only[0].replicate] }   // [ [id: 'oct4.explainn', ...], 2 ]

    // Everything of a model and its data set.
    ofAll = perModel(
        units.join(UNITS_INTERPRET.out.outputs).join(trained.history).join(trained.metrics).join(trained.predictions).join(trained.models)
            .map { run, meme, someTables, stored, history, metrics, predictions, _model, dataset -> [run, [meme, stored, history, metrics, predictions, dataset] + someTables] }
            .mix(missing),
        replicates,
    )
    ofDataset = trained.baseline.join(tables).map { meta, baseline, files -> [meta.id, [baseline] + files.findAll { path -> path.name.endsWith('.counts.tsv') }] }
    UNITS_SUMMARISE(
        ofAll.join(best).map { meta, files, number -> [meta.dataset, meta, number, files] }
            .combine(ofDataset, by: 0)
            .map { id, meta, number, files, others -> [plans[id].known, meta, number, (files + others).sort { path -> path.name }] }
            .combine(motifs, by: 0)
            .map { _known, meta, number, files, known -> [meta, plans[meta.dataset].options.annotate + plans[meta.dataset].options.summarise, number, files, known] },
        code.UNITS_SUMMARISE,
    )

    ofRuns = UNITS_INTERPRET.out.meme.mix(UNITS_INTERPRET.out.tables, UNITS_INTERPRET.out.importances.join(trained.best))   // the report draws those of the best
    ofModels = UNITS_SUMMARISE.out.tomtom.mix(UNITS_SUMMARISE.out.support, UNITS_SUMMARISE.out.units, UNITS_SUMMARISE.out.verdict, UNITS_SUMMARISE.out.joint, UNITS_SUMMARISE.out.evidence, UNITS_SUMMARISE.out.contrast)

    emit:
    units      // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    outputs    // [ run, outputs.npz ]
    ofRuns     // [ run, file or files ]
    ofModels   // [ [id: 'oct4.explainn', ...], file ]
}
