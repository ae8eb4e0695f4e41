// Runs STREME on the training sequences of one task (with folds: of one fold). If the program is absent or fails,
// the outcome says so and the run continues.
process STREME_RUN {
    tag "${meta.id}, task ${meta.number}${meta.fold ? ", fold ${meta.fold}" : ''}"
    label 'process_medium'
    container { params.streme_container }
    errorStrategy { task.exitStatus in 130..145 && task.attempt < 3 ? 'retry' : 'ignore' }
    publishDir path: { "${params.outdir}/${meta.id}/streme" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null

    input:
    // meta: [id: 'oct4', assay: 'sequences', number: '1', fold: '2' or null]; options: [streme_nmotifs: 10, ...]
    // there: whether the launching machine has the program, so that -resume asks again where it has come or gone
    tuple val(meta), val(options), path(positives), path(negatives)
    val there

    output:
    tuple val(meta), path("${stem}.outcome.tsv"), path("${stem}.{txt,xml}", arity: '0..2'), emit: found
    tuple val("${task.process}"), val('streme'), eval('streme --version 2> /dev/null || echo absent'), topic: foreign_versions

    script:
    stem = "${meta.id}.task${meta.number}${meta.fold ? "_fold${meta.fold}" : ''}.streme"
    """
    begun=\$(date +%s)
    state=absent
    code=0
    touch log
    if command -v streme > /dev/null; then
        state=finished
        streme --p ${positives} --n ${negatives} --dna --nmotifs ${options.streme_nmotifs} \\
            --hofract ${options.streme_hofract} --minw ${options.streme_minw} --maxw ${options.streme_maxw} \\
            --oc found >> log 2>&1 || code=\$?
        # Killed, most likely for memory: another attempt gets more.
        if [ \$code -gt 129 ] && [ ${task.attempt} -lt 3 ]; then exit \$code; fi
        for kind in txt xml; do
            if [ -e found/streme.\$kind ]; then cp found/streme.\$kind ${stem}.\$kind; fi
        done
    fi
    {
        printf 'state\\t%s\\nexit\\t%s\\n' "\$state" "\$code"
        printf 'seconds\\t%s\\n' "\$(( \$(date +%s) - begun ))"
        printf 'message\\t%s\\n' "\$(grep -v '^ *\$' log | tail -n 1 | tr '\\t\\r' '  ' | cut -c 1-300)"
    } > ${stem}.outcome.tsv
    """

    stub:
    stem = "${meta.id}.task${meta.number}${meta.fold ? "_fold${meta.fold}" : ''}.streme"
    """
    touch ${stem}.{outcome.tsv,txt,xml}
    """
}
