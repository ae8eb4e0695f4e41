include { PREDICT } from '../predict'
include { EXPLAIN } from '../explain'
include { JUDGE_VARIANTS } from '../judge_variants'
include { FIND_HITS } from '../find_hits'
include { ATTRIBUTE } from '../attribute'

// Analyses of trained models, in the run that trains them and in a later one (--apply).
workflow ASK_MODELS {
    take:
    trained   // [models: ..., readable: ..., best: ..., predictions: ..., calibrations: ..., diverged: ..., replicates: ...], channels of TRAIN, or of EARLIER
    units     // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named     // [ [id: 'oct4.explainn', ...], file or files ]: oct4.explainn.units.tsv, the evidence, ...
    given     // [explained: ..., predicted: ..., alleles: ..., regions: ..., genomes: ...], channels of READ_GIVEN, and the genomes
    motifs    // [ [motif_db: null, ...], known_motifs.meme ]
    plans     // [ oct4: [options: [...], known: [...], ...], ... ]
    code

    main:
    PREDICT(trained.models, trained.calibrations, trained.diverged, trained.replicates, given.predicted, plans, code)
    EXPLAIN(trained.readable, trained.best, units, named, given.explained, plans, code)
    JUDGE_VARIANTS(trained.readable, units, named, given.alleles, given.genomes, trained.replicates, plans, code)
    FIND_HITS(trained.readable, units, named, given.regions, given.genomes, trained.replicates, plans, code)
    ATTRIBUTE(trained.models, trained.best, trained.predictions, units, motifs, plans, code)

    files = PREDICT.out.files.mix(EXPLAIN.out.files, JUDGE_VARIANTS.out.files, FIND_HITS.out.files, ATTRIBUTE.out.files)

    emit:
    files     // [ meta, file or files ]
}
