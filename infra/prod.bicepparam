using 'main.bicep'

param environmentName = 'prod'
param alertMail = readEnvironmentVariable('ALERT_MAIL')
// The views and the procedure that the handler uses are in the CRM's database.
param existingSqlServer = readEnvironmentVariable('SQL_SERVER')
param databaseName = readEnvironmentVariable('SQL_DATABASE_NAME')
param subnetId = readEnvironmentVariable('SUBNET_ID', '')
param secondFactorMechanisms = readEnvironmentVariable('SECOND_FACTOR_MECHANISMS')
param vaultPurgeProtection = true
param storageSku = 'Standard_ZRS'
param logRetentionDays = 90
param handlerSettings = {
  SECUREAUTH_REGION: readEnvironmentVariable('SECUREAUTH_REGION', 'us')
  SECUREAUTH_WORKERS: readEnvironmentVariable('SECUREAUTH_WORKERS', '1')
}
