include { UNITS_DRIFT } from '../../../modules/local/units/drift'

// How far the units of every model moved from the profiles that initialised their filters.
workflow DRIFT {
    take:
    readable   // [ run, model.safetensors, dataset.parquet ]
    units      // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    profiles   // [ [id: 'oct4', ...], oct4.initial.meme ]: only of data sets that ask for them
    tables     // [ [id: 'oct4', ...], oct4.initial.tsv ]
    plans      // [ oct4: [options: [...]], ... ]
    code

    main:
    runs = readable.join(units)
        .map { run, model, _dataset, meme, some -> [run.dataset, run, model, meme, some.find { path -> path.name == "${run.id}.units.tsv" }] }
    UNITS_DRIFT(
        runs.combine(profiles.map { meta, meme -> [meta.id, meme] }, by: 0)
            .map { id, run, model, meme, table, initial -> [run, plans[id].options.annotate, model, meme, table, initial] },
        code.UNITS_DRIFT,
    )

    // The report draws the start of a unit beside what became of it.
    files = UNITS_DRIFT.out.drift.mix(profiles, tables)

    emit:
    files   // [ meta, file ]
}
