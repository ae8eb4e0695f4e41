include { MOTIFS_CHOOSE } from '../../../modules/local/motifs/choose'

// Chooses the known profiles that initialise the filters of a data set's models.
workflow INITIAL_PROFILES {
    take:
    plans    // list of [id: 'oct4', initial: [name: 'jaspar', path: null], known: [...], options: [...]]
    motifs   // [ [motif_db: null, ...], known_motifs.meme ]
    code

    main:
    def wanted = plans.findAll { plan -> plan.initial }
    // 'jaspar' stands for the known motifs that the data set is annotated with; else it is a file.
    fromKnown = channel.fromList(wanted.findAll { plan -> !plan.initial.path }.collect { plan -> [plan.known, plan] })
        .combine(motifs, by: 0)
        .map { _known, plan, meme -> [plan, meme] }
    fromFile = channel.fromList(wanted.findAll { plan -> plan.initial.path }.collect { plan -> [plan, plan.initial.path] })
    MOTIFS_CHOOSE(
        fromKnown.mix(fromFile).map { plan, file -> [[id: plan.id, assay: plan.assay, dataset: plan.id], plan.options.choose, file] },
        code.MOTIFS_CHOOSE,
    )

    status = MOTIFS_CHOOSE.out.status
    profiles = MOTIFS_CHOOSE.out.profiles
    tables = MOTIFS_CHOOSE.out.table

    emit:
    status     // [ [id: 'oct4', ...], oct4.initial.status.json ]
    profiles   // [ [id: 'oct4', ...], oct4.initial.meme ]
    tables     // [ [id: 'oct4', ...], oct4.initial.tsv ]
}
