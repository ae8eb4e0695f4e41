// The plan of a contrast: the settings of its sides, and what it takes from the first alone.

include { ofValues } from './features.nf'

// Settings of the training and interpretation of a contrast: both sides have the same.
def settingsOf(Map plan) {
    return plan.training.explainn + plan.options.interpret + plan.options.annotate + plan.options.summarise + [motif_db: plan.known, units: plan.units]
}

// Analyses and numbers in which rows of the sheet may differ, and what of them is the contrast's: [streme: true, replicates: 10].
def takenFromFirst(Map a, Map b) {
    def steps = ['discover', 'nullify', 'map', 'attribute', 'cooperate', 'interactions', 'choose', 'curve', 'prune', 'modes']
    def (one, other) = [a, b].collect { plan -> plan.options.subMap(steps).values().sum([:]) + plan.options.prepare.subMap(['folds', 'max_unknown', 'min_positives']) + [replicates: plan.replicates] }
    return one.findAll { name, value -> value != other[name] }
}

// A plan with the settings of its sides, which differ only in how these are prepared.
def planOf(String id, List sides, Map values) {
    def (a, b) = sides*.plan
    def apart = takenFromFirst(a, b)
    if (apart) {
        log.warn("the contrast of ${sides*.name.join(' and ')}: ${a.id} and ${b.id} have different values of ${apart.keySet().join(', ')} in the sheet; those of ${a.id} are used (${apart.values().join(', ')}).")
    }
    def rows = sides.collectMany { side -> side.task == null || side.plan.module in ofValues() ? side.plan.rows : side.plan.rows.findAll { row -> side.task in [row.label, row.sample]*.toString() } }.unique { row -> row.line }
    def asked = a.options.prepare.folds ?: 0
    def folds = asked > 2 ? asked : 5
    def replicates = a.replicates && a.replicates % folds == 0 ? a.replicates : folds
    // What one side must not share between the parts, both must not.
    def split = ['homology', 'chromosome'].find { how -> sides.any { side -> side.plan.options.prepare.split_by == how } }
    def options = a.options.prepare.subMap(['max_unknown', 'min_positives']) + [folds: folds, contrast_matching: values.contrast_matching] + (split ? [split_by: split] : [:])
    def ids = sides*.plan*.id
    return a + [
        id: id, rows: rows, assay: 'contrast', module: 'contrast', on_genome: false, holds: [:], denoised: false, models: ['explainn'], replicates: replicates,
        contrast: ids, names: [], files: [], genome: null, explain: null, predict: null, variants: null, hits: null, samples: [], pretrained: [],
        spec: [id: id, assay: 'contrast', module: 'contrast', seed: a.spec.seed, rows: sides.collect { side -> [sample: side.name, data: ids.unique(false).indexOf(side.plan.id), label: side.task] }, others: [], options: options],
        training: a.training.subMap(['explainn']), shared: a.shared.findAll { name -> name in ['motif_db', 'mode_clusters', 'initial_motifs'] }, general_negatives: null,
        settings: a.settings.subMap(settingsOf(a).keySet() + ['jaspar_release', 'jaspar_taxon']), reads: (a.reads - a.spec.options.keySet() - ['genome', 'negatives', 'explain', 'predict', 'variants', 'hits', 'pretrained', 'conditions', 'reference_condition'] + ['seed', 'folds', 'contrast', 'contrast_matching', 'max_unknown', 'split_by']).unique(),
    ]
}
