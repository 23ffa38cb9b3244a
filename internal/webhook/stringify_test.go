package webhook_test

import (
	"encoding/json"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/webhook"
)

// The wanted texts are what Node prints for JSON.stringify(JSON.parse(text)).
func TestStringify(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{`{ "a" : [ 1 , true, null ] , "b":{}, "c":[] }`, `{"a":[1,true,null],"b":{},"c":[]}`},
		{`"<b>&amp;</b>"`, `"<b>&amp;</b>"`},
		{`"\u003c\u00e9\/\u2028\u2029"`, "\"<é/\u2028\u2029\""},
		{`"\\u2028\"\b\f\n\r\t\u0001\u007f"`, "\"\\\\u2028\\\"\\b\\f\\n\\r\\t\\u0001\x7f\""},
		{
			`[1.0,1e3,-0,0.1,1e21,1e-7,100000000000000000000,12345678901234567890,1e400]`,
			`[1,1000,0,0.1,1e+21,1e-7,100000000000000000000,12345678901234567000,null]`,
		},
		{`{"b":1,"10":2,"2":3,"01":4,"4294967295":5,"-1":6}`, `{"2":3,"10":2,"b":1,"01":4,"4294967295":5,"-1":6}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`"😀"`, `"😀"`},
	} {
		got, err := webhook.Stringify(json.RawMessage(tc.in))
		if err != nil || string(got) != tc.want {
			t.Errorf("Stringify(%s) = %s, %v; want %s", tc.in, got, err, tc.want)
		}
	}
}
