// Names of the models of a data set. (Without includes, so that several files can include it.)

// [ [model: 'explainn_u5', architecture: 'explainn', units: 5], ... ]; with one number of units the model is called explainn.
def modelsOf(Map plan) {
    return plan.models.collectMany { name ->
        name == 'explainn' && plan.units.size() > 1
            ? plan.units.collect { units -> [model: "explainn_u${units}".toString(), architecture: name, units: units] }
            : [[model: name, architecture: name, units: plan.units[0]]]
    }
}
