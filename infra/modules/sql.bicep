// A SQL server that knows no passwords, and a database, for environments without a CRM.
param serverName string
param databaseName string
param location string
param tags object
param sku object
param restoreDays int
param adminGroupName string
param adminGroupId string
param allowedAddresses array

resource server 'Microsoft.Sql/servers@2023-08-01' = {
  name: serverName
  location: location
  tags: tags
  properties: {
    minimalTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
    administrators: {
      administratorType: 'ActiveDirectory'
      principalType: 'Group'
      login: adminGroupName
      sid: adminGroupId
      tenantId: tenant().tenantId
      azureADOnlyAuthentication: true
    }
  }
}

// These two addresses mean "any Azure service". Log-ins still need an Entra identity that the database knows.
resource azureServices 'Microsoft.Sql/servers/firewallRules@2023-08-01' = {
  parent: server
  name: 'AllowAllWindowsAzureIps'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
}

// For the machines that migrate the schema and run the commands of operators.
resource allowed 'Microsoft.Sql/servers/firewallRules@2023-08-01' = [for (address, i) in allowedAddresses: {
  parent: server
  name: 'allowed-${i}'
  properties: {
    startIpAddress: address
    endIpAddress: address
  }
}]

resource database 'Microsoft.Sql/servers/databases@2023-08-01' = {
  parent: server
  name: databaseName
  location: location
  tags: tags
  sku: sku
}

resource restore 'Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies@2023-08-01' = {
  parent: database
  name: 'default'
  properties: {
    retentionDays: restoreDays
  }
}

output host string = server.properties.fullyQualifiedDomainName
