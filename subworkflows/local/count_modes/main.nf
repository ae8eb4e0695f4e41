include { MODES_COUNT } from '../../../modules/local/modes/count'

// How many binding modes every model has found: of ExplaiNN by its units, of other networks by their first filters.
workflow COUNT_MODES {
    take:
    tomtom   // [ [id: 'oct4.explainn', ...], oct4.explainn.tomtom.tsv ]
    modes    // [ [ [motif_db: null, ...], null or [name: ..., path: ...] ], known_modes.tsv ]
    plans    // [ oct4: [known: [...], mode_clusters: null, options: [...]], ... ]
    code

    main:
    MODES_COUNT(
        tomtom.filter { meta, _file -> plans[meta.dataset].options.modes.binding_modes }
            .map { meta, file -> [[plans[meta.dataset].known, plans[meta.dataset].mode_clusters], meta, file] }
            .combine(modes, by: 0)
            .map { _key, meta, file, known -> [meta, file, known] },
        code.MODES_COUNT,
    )

    files = MODES_COUNT.out.found

    emit:
    files   // [ [id: 'oct4.explainn', ...], oct4.explainn.modes.tsv ]
}
