include { MOTIFS_CLUSTER } from '../../../modules/local/motifs/cluster'

// The binding modes of every set of known motifs for which a data set wants them counted.
workflow CLUSTER_MOTIFS {
    take:
    plans    // list of [id: 'oct4', known: [motif_db: ...], mode_clusters: [name: ..., path: ...] or null, options: [...]]
    motifs   // [ [motif_db: null, ...], known_motifs.meme ]
    code

    main:
    // Data sets with the same motifs and table share one task.
    wanted = channel.fromList(
        plans.findAll { plan -> plan.options.modes.binding_modes }
            .collect { plan -> [plan.known, [plan.known, plan.mode_clusters], plan.mode_clusters ? plan.mode_clusters.name : '', plan.mode_clusters ? plan.mode_clusters.path : []] }
            .unique()
    )
    MOTIFS_CLUSTER(wanted.combine(motifs, by: 0).map { _known, key, name, table, meme -> [key, name, meme, table] }, code.MOTIFS_CLUSTER)

    modes = MOTIFS_CLUSTER.out.modes
    status = MOTIFS_CLUSTER.out.status

    emit:
    modes    // [ [ [motif_db: null, ...], null or [name: 'clusters.tab', path: ...] ], known_modes.tsv ]
    status   // the same key, modes.status.json
}
