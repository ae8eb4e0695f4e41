include { SHARED_READ } from '../../../modules/local/shared/read'
include { sharedFiles } from '../validate/shared.nf'

// Reads the other files given by parameters, each once, however many data sets use it.
workflow READ_SHARED {
    take:
    plans   // list of [id: 'oct4', shared: ['blacklist', ...], spec: [...], names: [...], files: [...], ...]
    code

    main:
    SHARED_READ(channel.fromList(plans.collectMany { plan -> sharedFiles(plan) }.unique()), code.SHARED_READ)

    status = SHARED_READ.out.status

    emit:
    status   // shared.status.json
}
