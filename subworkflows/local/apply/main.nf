include { INDEX_GENOMES } from '../index_genomes'
include { READ_PREDICTED } from '../read_predicted'
include { PREDICTION_MAKE } from '../../../modules/local/prediction/make'
include { REPORT } from '../report'
include { codeDigests; reportedSettings } from '../validate'
include { judgeAnswers } from '../judge_inputs/answers.nf'

// A question to the models of an earlier run: no data set is prepared, and nothing is trained.
workflow APPLY {
    take:
    input   // [ params: [apply: 'results', ...], datasets: [ [id: 'oct4', predict: [...], shape: path, files: [path, ...], torch: false, options: [predict: [...]], ...], ... ] ]

    main:
    def code = codeDigests()
    def plans = input.datasets.collectEntries { plan -> [plan.id, plan] }

    INDEX_GENOMES(input.datasets.findAll { plan -> plan.genome && !plan.predict.records }, code)
    READ_PREDICTED(input.datasets, channel.fromList(input.datasets.collect { plan -> [[id: plan.id], plan.shape] }), INDEX_GENOMES.out.genomes, code)

    // What the models of one length cannot read, those of another may.
    verdicts = judgeAnswers(READ_PREDICTED.out.status, INDEX_GENOMES.out.status)

    PREDICTION_MAKE(
        READ_PREDICTED.out.sequences.combine(verdicts).map { meta, sequences, _found ->
            [[id: meta.id, torch: plans[meta.id].torch], plans[meta.id].options.predict, plans[meta.id].files, sequences]
        },
        code.PREDICTION_MAKE,
    )

    REPORT(PREDICTION_MAKE.out.summary, channel.empty(), reportedSettings(input), verdicts, input.params.strict, code)
}
