include { FILTERS_READ } from '../../../modules/local/filters/read'
include { UNITS_ANNOTATE as FILTERS_ANNOTATE } from '../../../modules/local/units/annotate'
include { perModel } from '../train/replicates.nf'
include { pretrainedArchitectures } from '../validate/features.nf'

// Motifs of the first filters of networks without units, and their annotation: as for units.
workflow READ_FILTERS {
    take:
    models        // [ run, model.safetensors, dataset.parquet ]
    predictions   // [ run, predictions.parquet ]
    motifs        // [ [motif_db: null, ...], known_motifs.meme ]
    replicates    // [ oct4, 3 ]: models of each architecture
    plans         // [ oct4: [options: [...], known: [motif_db: ...]], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    wanted = models.filter { run, _model, _dataset -> run.architecture != 'explainn' && !(run.architecture in heads) && asksForFilters(plans[run.dataset].options) }
    FILTERS_READ(
        wanted.join(predictions, failOnDuplicate: true).map { run, model, dataset, logits ->
            [run, plans[run.dataset].options.interpret, model, dataset, logits]
        },
        code.FILTERS_READ,
    )

    // [ [id: 'oct4.danq', dataset: 'oct4', ...], [r1.filters.meme, r1.filters.tsv, r2.filters.meme, ...] ]
    compared = perModel(FILTERS_READ.out.motifs, replicates)
    FILTERS_ANNOTATE(
        compared.map { meta, files -> [plans[meta.dataset].known, meta, files] }
            .combine(motifs, by: 0)
            .map { _known, meta, files, known -> [meta, plans[meta.dataset].options.annotate, files, known] },
        code.UNITS_ANNOTATE,
    )

    tomtom = FILTERS_ANNOTATE.out.tomtom
    files = FILTERS_READ.out.motifs.mix(tomtom, FILTERS_ANNOTATE.out.support)

    sites = FILTERS_READ.out.sites

    emit:
    sites    // [ run, oct4.danq.r1.filters.npz ]
    tomtom   // [ [id: 'oct4.danq', ...], oct4.danq.tomtom.tsv ]
    files    // [ meta, file or files ]
}

// Nullification names the filters; modes are counted by what they match.
def asksForFilters(Map options) {
    return options.nullify.nullification || options.modes.binding_modes
}
