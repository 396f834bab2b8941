/** Series by name and labels, with their values by minute as promtool writes them (`0+6x30`: each six more). */
type Input = Readonly<Record<string, string>>;

/** What an alert fires at, once, and what it does not, after half an hour. All cases are played at the same time. */
export interface AlertCase {
  readonly fires: Input | 'nothing';
  readonly quiet: Input;
}

const outbound = 'smi_requests_total{direction="outbound",destination="shop/web:80"';
const inbound =
  'smi_requests_total{direction="inbound",destination_namespace="shop",destination_owner="Deployment/web"';
const slow = 'smi_requests_total{direction="outbound",destination="shop/slow:80"';
const bucket = 'smi_request_duration_seconds_bucket{direction="outbound",destination="shop/slow:80"';
/** Half an hour in seconds: promtool begins at 0. */
const now = 1_800;

/** 600 requests a minute, and what became of some of them. */
const requests = (series: string, failing: string, code = '5xx'): Input => ({
  [`${series},code_class="2xx"}`]: '0+600x30',
  [`${series},code_class="${code}"}`]: failing,
});

export const alertCases: Readonly<Record<string, AlertCase>> = {
  SmiServiceFailing: {
    fires: requests(outbound, '0+60x30', 'none'),
    // What policy refuses is no failure, and nor are few.
    quiet: { ...requests(outbound, '0+6x30'), [`${outbound},code_class="4xx"}`]: '0+600x30' },
  },
  SmiWorkloadFailing: { fires: requests(inbound, '0+60x30'), quiet: requests(inbound, '0+6x30') },
  SmiServiceSlow: {
    fires: {
      [`${slow}}`]: '0+600x30',
      [`${bucket},le="1"}`]: '0+580x30',
      [`${bucket},le="2.5"}`]: '0+600x30',
      [`${bucket},le="+Inf"}`]: '0+600x30',
    },
    quiet: {
      [`${slow}}`]: '0+600x30',
      [`${bucket},le="1"}`]: '0+598x30',
      [`${bucket},le="2.5"}`]: '0+600x30',
      [`${bucket},le="+Inf"}`]: '0+600x30',
    },
  },
  SmiRequestsDenied: {
    fires: { [`${inbound},verdict="denied",source_identity="spiffe://x/ns/a/sa/b"}`]: '0+1x30' },
    // Some that were denied, and no more since.
    quiet: { [`${inbound},verdict="denied",source_identity="spiffe://x/ns/a/sa/b"}`]: '0+9x10 99x20' },
  },
  SmiEndpointsEjected: {
    fires: { 'smi_endpoints{cluster="shop/web:80",state="ejected"}': '0x20 1x10' },
    quiet: {
      'smi_endpoints{cluster="shop/web:80",state="ejected"}': '0x30',
      'smi_endpoints{cluster="shop/web:80",state="healthy"}': '3x30',
      'smi_outlier_ejections_total{cluster="shop/web:80"}': '4x30',
    },
  },
  SmiServicePanics: {
    fires: { 'smi_panic_choices_total{cluster="shop/web:80"}': '0+5x30' },
    quiet: { 'smi_panic_choices_total{cluster="shop/web:80"}': '5x30' },
  },
  SmiBreakerOpen: {
    fires: { 'smi_breaker_open{cluster="shop/web:80",bound="requests"}': '1x30' },
    // It opens and closes all the time, as it is meant to.
    quiet: { 'smi_breaker_open{cluster="shop/web:80",bound="requests"}': '0 1 0 0x27' },
  },
  SmiRequestsOverflow: {
    fires: { 'smi_overflow_total{cluster="shop/web:80",reason="pending"}': '0+3x30' },
    quiet: { 'smi_overflow_total{cluster="shop/web:80",reason="pending"}': '3x30' },
  },
  SmiRetryBudgetExhausted: {
    fires: { 'smi_retry_budget_exhausted_total{destination="shop/web:80"}': '0+3x30' },
    quiet: { 'smi_retry_budget_exhausted_total{destination="shop/web:80"}': '3x30' },
  },
  SmiCertificateExpiresSoon: {
    fires: {
      'smi_certificate_issued_timestamp_seconds{instance="a"}': `${now - 8_000}x30`,
      'smi_certificate_expiry_timestamp_seconds{instance="a"}': `${now + 2_000}x30`,
    },
    // In the middle of its life, and one without a certificate.
    quiet: {
      'smi_certificate_issued_timestamp_seconds{instance="a"}': `${now - 500}x30`,
      'smi_certificate_expiry_timestamp_seconds{instance="a"}': `${now + 500}x30`,
      'smi_certificate_issued_timestamp_seconds{instance="b"}': '0x30',
      'smi_certificate_expiry_timestamp_seconds{instance="b"}': '0x30',
    },
  },
  SmiCertificateExpired: {
    fires: { 'smi_certificate_expiry_timestamp_seconds{instance="c"}': `${now - 1}x30` },
    quiet: { 'smi_certificate_expiry_timestamp_seconds{instance="c"}': `${now + 60}x30` },
  },
  SmiProxyDisconnected: {
    fires: { 'smi_control_plane_connected{instance="a"}': '1x20 0x10' },
    quiet: { 'smi_control_plane_connected{instance="a"}': '1x20 0 1x9' },
  },
  SmiProxyRefusesConfiguration: {
    fires: { 'smi_config_updates_total{instance="a",result="rejected"}': '0x25 1x5' },
    quiet: {
      'smi_config_updates_total{instance="a",result="rejected"}': '1x30',
      'smi_config_updates_total{instance="a",result="accepted"}': '0+1x30',
    },
  },
  SmiMetricSeriesOverflow: {
    fires: { 'smi_metric_series_overflow_total{metric="smi_requests_total"}': '1x30' },
    quiet: { 'smi_metric_series_overflow_total{metric="smi_requests_total"}': '0x30' },
  },
  SmiSpansLost: {
    fires: { 'smi_spans_total{result="dropped"}': '0+9x30' },
    quiet: { 'smi_spans_total{result="exported"}': '0+9x30', 'smi_spans_total{result="dropped"}': '9x30' },
  },
  SmiControllerAbsent: { fires: 'nothing', quiet: { 'smi_controller_leader{pod="c"}': '0x30' } },
  SmiNoLeader: {
    fires: { 'smi_controller_leader{pod="a"}': '0x30', 'smi_controller_leader{pod="b"}': '0x30' },
    quiet: { 'smi_controller_leader{pod="a"}': '0x30', 'smi_controller_leader{pod="b"}': '1x30' },
  },
  SmiConfigurationRefused: {
    fires: { 'smi_control_refusals{pod="a"}': '0x25 1x5' },
    quiet: { 'smi_control_refusals{pod="a"}': '0x30' },
  },
  SmiProxiesOutOfDate: {
    fires: { 'smi_control_proxies_behind{pod="a"}': '2x30' },
    quiet: { 'smi_control_proxies_behind{pod="a"}': '0x27 3x3' },
  },
  SmiRolloutsSlow: {
    fires: {
      'smi_control_rollout_seconds_bucket{cause="save",le="10"}': '0x30',
      'smi_control_rollout_seconds_bucket{cause="save",le="60"}': '0+5x30',
      'smi_control_rollout_seconds_bucket{cause="save",le="+Inf"}': '0+5x30',
    },
    quiet: {
      'smi_control_rollout_seconds_bucket{cause="save",le="10"}': '0+5x30',
      'smi_control_rollout_seconds_bucket{cause="save",le="+Inf"}': '0+5x30',
    },
  },
  SmiLeaderTaskFailing: {
    fires: { 'smi_controller_task_failures_total{task="webhooks"}': '0+1x30' },
    quiet: { 'smi_controller_task_failures_total{task="webhooks"}': '0+1x5 6x25' },
  },
  SmiApiserverFaults: {
    fires: { 'smi_controller_apiserver_faults_total{status="500"}': '0+60x30' },
    quiet: { 'smi_controller_apiserver_faults_total{status="none"}': '0+1x30' },
  },
  SmiWebhookFailing: {
    fires: { 'smi_webhook_seconds_count{path="/inject",outcome="failed"}': '0+1x30' },
    quiet: { 'smi_webhook_seconds_count{path="/inject",outcome="answered"}': '0+1x30' },
  },
  SmiConversionDefects: {
    fires: { smi_webhook_defects_total: '0+1x30' },
    quiet: { smi_webhook_defects_total: '1x30' },
  },
  SmiCertificatesRefused: {
    fires: { 'smi_identity_requests_total{outcome="forbidden"}': '0+1x30' },
    quiet: { 'smi_identity_requests_total{outcome="issued"}': '0+9x30' },
  },
  SmiAuthorityExpiresSoon: {
    fires: { smi_authority_expiry_timestamp_seconds: `${now + 6 * 86_400}x30` },
    quiet: { smi_authority_expiry_timestamp_seconds: `${now + 8 * 86_400}x30` },
  },
  SmiWebhookCertificateExpiresSoon: {
    fires: { smi_webhook_certificate_expiry_timestamp_seconds: `${now + 3_600}x30` },
    quiet: {
      'smi_webhook_certificate_expiry_timestamp_seconds{pod="a"}': `${now + 90_000}x30`,
      'smi_webhook_certificate_expiry_timestamp_seconds{pod="b"}': '0x30',
    },
  },
};
