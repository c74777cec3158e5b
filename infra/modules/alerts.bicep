// One alert for each query of infra/alerts/. A query returns rows when somebody has to look; docs/runbook.md says what to do.
param location string
param tags object
param insightsId string
param mail string
param prefix string

// severity: 1 people wait or nothing works, 2 look today. window: how far back the query looks.
var alerts = [
  {
    name: 'stuck'
    title: 'a run is stuck'
    query: loadTextContent('../alerts/stuck.kql')
    severity: 1
    every: 'PT15M'
    window: 'PT2H'
  }
  {
    name: 'failed'
    title: 'a run failed'
    query: loadTextContent('../alerts/failed.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'oldest-open-run'
    title: 'a run has been open for long'
    query: loadTextContent('../alerts/oldest-open-run.kql')
    severity: 2
    every: 'PT1H'
    window: 'P2D'
  }
  {
    name: 'error-rate'
    title: 'many invocations fail'
    query: loadTextContent('../alerts/error-rate.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'throttled'
    title: 'SecureAuth answers 429 to many calls'
    query: loadTextContent('../alerts/throttled.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
  }
  {
    name: 'poison-queue'
    title: 'a message went to the poison queue'
    query: loadTextContent('../alerts/poison-queue.kql')
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
  }
  {
    name: 'no-heart-beat'
    title: 'the timer does not run'
    query: loadTextContent('../alerts/no-heart-beat.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'onboarding'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: mail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
  name: '${prefix}-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${prefix}: ${alert.title}'
    description: 'docs/runbook.md#${alert.name}'
    enabled: true
    severity: alert.severity
    evaluationFrequency: alert.every
    windowSize: alert.window
    scopes: [insightsId]
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [people.id]
    }
  }
}]
