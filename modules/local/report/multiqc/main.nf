process REPORT_MULTIQC {
    label 'process_low'
    publishDir path: { params.outdir }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null

    input:
    path files
    path config, stageAs: 'config/*'

    output:
    path 'multiqc_report.html', emit: html

    // Its own version stays out of the topic: what reads the topic may not write to it.
    script:
    """
    multiqc --force . --config ${config} --filename multiqc_report.html ${task.ext.args ?: ''}
    """

    stub:
    """
    touch multiqc_report.html
    """
}
