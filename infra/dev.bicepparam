using 'main.bicep'

param environmentName = 'dev'
param alertMail = readEnvironmentVariable('ALERT_MAIL')
param sqlAdminGroupName = readEnvironmentVariable('SQL_ADMIN_GROUP_NAME')
param sqlAdminGroupId = readEnvironmentVariable('SQL_ADMIN_GROUP_ID')
// With commas in between.
var addresses = readEnvironmentVariable('ALLOWED_ADDRESSES', '')
param allowedAddresses = empty(addresses) ? [] : split(addresses, ',')
// So that a deleted vault can be purged, and created anew under the same name.
param vaultPurgeProtection = false
param secondFactorMechanisms = readEnvironmentVariable('SECOND_FACTOR_MECHANISMS')
param handlerSettings = {
  SECUREAUTH_REGION: readEnvironmentVariable('SECUREAUTH_REGION', 'us')
}
