package fill

var CachingFields = cachingFields

var ValidatorFields = validatorFields
