include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Clusters the known motifs into binding modes: by Tomtom, or by a user's table.
process MOTIFS_CLUSTER {
    tag "${clusters ? 'own clusters' : 'by similarity'}"
    label 'process_low'

    input:
    // key: which known motifs and which table; name: what the user calls the table; clusters: a file or []
    tuple val(key), val(name), path(motifs), path(clusters, stageAs: 'given/?')
    val code

    output:
    tuple val(key), path('modes.status.json'), emit: status
    tuple val(key), path('known_modes.tsv'), optional: true, emit: modes
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def names = clusters ? [name] : []
    """
    ${linkGiven(names)}
    cat > names.json <<'NAMES'
    ${asJson(names)}
    NAMES
    cluster_motifs.py --motif-set ${motifs} ${clusters ? "--clusters ${ourNames(names)[0]} --names names.json" : ''} \\
        --out known_modes.tsv --status modes.status.json
    """

    stub:
    """
    touch known_modes.tsv
    echo '{"dataset": "modes", "state": "ok", "reason": "", "advice": ""}' > modes.status.json
    echo '{}' > versions.json
    """
}
