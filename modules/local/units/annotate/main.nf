process UNITS_ANNOTATE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    // units: units.tsv and units.meme of all replicates
    tuple val(meta), val(options), path(units), path(motifs)
    val code

    output:
    tuple val(meta), path("${meta.id}.tomtom.tsv") , emit: tomtom
    tuple val(meta), path("${meta.id}.support.tsv"), emit: support
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    annotate.py --units ${units} --motif-set ${motifs} --options options.json --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.{tomtom,support}.tsv
    echo '{}' > versions.json
    """
}

// As in validate/given.nf, which a module that is included under several names cannot include.
def asJson(Object value) {
    return groovy.json.JsonOutput.toJson(value).replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')
}
