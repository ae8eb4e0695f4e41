#!/usr/bin/env nextflow

include { validatedInput; codeDigests; reportedSettings } from './subworkflows/local/validate'
include { helpText } from './subworkflows/local/validate/help.nf'
include { EXPLAINN; APPLY } from './subworkflows/local/pipeline'
include { tellCompletion } from './subworkflows/local/report/completion.nf'

workflow {
    main:
    if (params.version) {
        println("${workflow.manifest.name} ${workflow.manifest.version}")
    }
    else if (params.help) {
        print(helpText())
    }
    else {
        // All errors that can be found without a task, at once.
        def input = validatedInput()
        if (input.params.apply) { APPLY(input, reportedSettings(input), codeDigests()) } else { EXPLAINN(input, reportedSettings(input), codeDigests()) }
        workflow.onComplete = { tellCompletion(params.email, params.email_on_fail, params.hook_url) }
    }
}
