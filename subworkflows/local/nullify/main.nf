include { MODEL_NULLIFY } from '../../../modules/local/model/nullify'
include { FILTERS_JUDGE } from '../../../modules/local/filters/judge'
include { perModel } from '../train/replicates.nf'
include { pretrainedArchitectures } from '../validate/features.nf'

// Nullifies one filter or unit at a time, in every model whose data set asks for it; and in networks also
// groups of filters over all replicates.
workflow NULLIFY {
    take:
    models        // [ run, model.safetensors, dataset.parquet ]
    predictions   // [ run, predictions.parquet ]
    sites         // [ run, filters.npz ] of networks without units
    motifs        // [ [motif_db: null, ...], known_motifs.meme ]
    replicates    // [ oct4, 3 ]: models of each architecture
    plans         // [ oct4: [options: [nullify: [nullification: true, ...], ...], known: [...]], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    MODEL_NULLIFY(
        models.filter { run, _model, _dataset -> plans[run.dataset].options.nullify.nullification && !(run.architecture in heads) }
            .join(predictions, failOnDuplicate: true)
            .map { run, model, dataset, logits -> [run, plans[run.dataset].options.nullify, model, dataset, logits] },
        code.MODEL_NULLIFY,
    )

    // [ [id: 'oct4.danq', dataset: 'oct4', ...], [oct4.dataset.parquet, oct4.danq.r1.filters.npz, ...] ]
    together = perModel(
        MODEL_NULLIFY.out.influence.join(sites).join(models)
            .map { run, influence, own, model, dataset -> [run, [influence, own, model, dataset]] },
        replicates,
    )
    FILTERS_JUDGE(
        together.map { meta, files -> [plans[meta.dataset].known, meta, files] }
            .combine(motifs, by: 0)
            .map { _known, meta, files, known -> [meta, judging(plans[meta.dataset].options), files, known] },
        code.FILTERS_JUDGE,
    )

    files = MODEL_NULLIFY.out.influence.mix(FILTERS_JUDGE.out.evidence)

    emit:
    files   // [ meta, file or files ]: oct4.danq.r1.nullification.tsv, oct4.danq.evidence.tsv, ...
}

// Groups are named like those of units, and nullified like single filters.
def judging(Map options) {
    return options.annotate + options.nullify + options.interpret.subMap(['min_sites'])
}
