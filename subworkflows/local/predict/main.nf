include { PREDICTION_MAKE } from '../../../modules/local/prediction/make'
include { modelsOf } from '../train/models.nf'

// A user's sequences predicted by all models of a data set.
workflow PREDICT {
    take:
    models        // [ run, model.safetensors, dataset.parquet ]
    calibrations  // [ run, calibration.json ], or of old runs [ run, predictions.parquet ] or [ run, [] ]
    diverged      // [ run, run.diverged.json ]
    replicates    // [ oct4, 3 ]: models of each architecture
    sequences     // [ [id: 'oct4', ...], oct4.predict.parquet ]
    plans         // [ oct4: [predict: [...] or null, options: [...]], ... ]
    code

    main:
    // All models of a data set, as soon as the last of them is there; nothing where all have diverged.
    asked = models.join(calibrations, failOnDuplicate: true)
        .map { run, model, dataset, calibration -> [run.dataset, run, [model, dataset, calibration]] }
        .mix(diverged.map { run, _why -> [run.dataset, run, []] })
        .filter { id, _run, _some -> plans[id].predict }
        .combine(replicates, by: 0)
        .map { id, run, some, count -> [groupKey(id, count * modelsOf(plans[id]).size()), run, some] }
        .groupTuple(remainder: true)   // an earlier run's models may not all be there
        .map { key, runs, some -> [key.getGroupTarget(), runs.any { run -> run.torch }, some.flatten().unique { path -> path.name }.sort { path -> path.name }] }
        .filter { _id, _torch, some -> some }

    PREDICTION_MAKE(
        asked.join(sequences.map { meta, found -> [meta.id, found] })
            .map { id, torch, some, found -> [[id: id, torch: torch], plans[id].options.predict, some, found] },
        code.PREDICTION_MAKE,
    )

    files = PREDICTION_MAKE.out.summary

    emit:
    files   // [ [id: 'oct4', ...], oct4.predicted.json ]
}
