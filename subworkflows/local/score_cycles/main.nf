include { UNITS_SCORE_CYCLES } from '../../../modules/local/units/score_cycles'
include { features } from '../validate/features.nf'

// The motifs of every model of HT-SELEX, each scored by its best hits in the last and the first cycle.
workflow SCORE_CYCLES {
    take:
    perRun     // files of every run: [ [id: 'alx4.explainn.r1', dataset: 'alx4', assay: 'htselex', ...], alx4.explainn.r1.units.meme ], ...
    datasets   // [ [id: 'alx4', assay: 'htselex'], alx4.dataset.parquet ]
    code

    main:
    def ofCycles = features().assays.findAll { _name, assay -> assay.cycles }.keySet()
    motifs = perRun
        .filter { run, files -> run.assay in ofCycles && (files instanceof Path) && files.name.endsWith('.units.meme') }
        .map { run, meme -> [run.dataset, run, meme] }
    UNITS_SCORE_CYCLES(
        motifs.combine(datasets.map { meta, dataset -> [meta.id, dataset] }, by: 0).map { _id, run, meme, dataset -> [run, meme, dataset] },
        code.UNITS_SCORE_CYCLES,
    )

    scores = UNITS_SCORE_CYCLES.out.scores

    emit:
    scores   // [ [id: 'alx4.explainn.r1', ...], alx4.explainn.r1.cycles.tsv ]
}
