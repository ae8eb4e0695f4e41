include { COMPARE_CONDITIONS } from '../compare_conditions'
include { COOPERATE } from '../cooperate'
include { DISCOVER } from '../discover'
include { DRIFT } from '../drift'
include { TRANSFER } from '../transfer'
include { LEARNING_CURVE } from '../learning_curve'
include { MAP_UNITS } from '../map_units'
include { READ_FILTERS } from '../read_filters'
include { NULLIFY } from '../nullify'
include { PRUNE } from '../prune'
include { INTERACT } from '../interact'
include { COUNT_MODES } from '../count_modes'

// Analyses that need the run that trains, besides the motifs: each is off unless its parameter
// asks for it, a subworkflow of its own, and ends in files for the report.
workflow ANALYSE {
    take:
    trained   // [datasets: ..., models: ..., readable: ..., predictions: ..., ...], channels of TRAIN; datasets: [ [id: 'oct4', ...], oct4.dataset.parquet ], models: [ run, model.safetensors, dataset.parquet ]
    units     // [ run, units.meme, [effects.tsv, units.tsv, ...] ] of INTERPRET
    motifs    // [ [motif_db: null, ...], known_motifs.meme ]
    plans     // [ oct4: [options: [...], known: [...]], ... ]
    code

    main:
    DISCOVER(trained.readable, units, trained.timing, trained.named, motifs, plans, code)
    COOPERATE(trained.models, trained.best, units, trained.named, motifs, plans, code)

    COMPARE_CONDITIONS(trained.datasets, trained.outputs, trained.named, motifs, trained.replicates, plans, code)

    DRIFT(trained.readable, units, trained.initial, trained.initialTables, plans, code)
    TRANSFER(trained.models, trained.predictions, plans, code)

    LEARNING_CURVE(trained.datasets, plans, code)
    MAP_UNITS(trained.readable, trained.best, trained.predictions, plans, code)

    READ_FILTERS(trained.models, trained.predictions, motifs, trained.replicates, plans, code)
    NULLIFY(trained.models, trained.predictions, READ_FILTERS.out.sites, motifs, trained.replicates, plans, code)
    PRUNE(trained.readable, trained.outputs, trained.named, plans, code)
    INTERACT(trained.readable, trained.outputs, trained.named, trained.replicates, plans, code)
    COUNT_MODES(
        trained.named.filter { _meta, file -> (file instanceof Path) && file.name.endsWith('.tomtom.tsv') }.mix(READ_FILTERS.out.tomtom),
        trained.modes, plans, code,
    )

    files = channel.empty().mix(
        DISCOVER.out.files,
        COMPARE_CONDITIONS.out.files,
        COOPERATE.out.files,
        DRIFT.out.files,
        TRANSFER.out.files,
        LEARNING_CURVE.out.files,
        MAP_UNITS.out.files,
        READ_FILTERS.out.files,
        NULLIFY.out.files,
        PRUNE.out.files,
        INTERACT.out.files,
        COUNT_MODES.out.files,
    )

    emit:
    files     // [ meta, file or files ]
}
