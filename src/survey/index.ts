/** Which faults does a server or phone not notice? Both ends of the question, and what is said about the answer. */
export { adviceOn, type Advice } from './advice.ts'
export { limits, type Bounds, type SurveyClock } from './bounds.ts'
export { compareSurveys } from './compare.ts'
export { connectOnce, type Connected } from './connect.ts'
export { surveyByDialling } from './dial.ts'
export { readSurveyExpectations, SurveyExpectError, unmetBy, type Unmet } from './expect.ts'
export { existingGround, GroundError, openGround, surveyName, type SurveyGround } from './ground.ts'
export { installSteps, type Steps } from './install.ts'
export { openListener, type Visit } from './listener.ts'
export { surveyByListening, type Place } from './listen.ts'
export { outcomeOf } from './outcome.ts'
export { surveyHtml } from './report-html.ts'
export { surveyJunit } from './report-junit.ts'
export { comparisonText, outcomeText, surveyText } from './report-text.ts'
export {
  acceptedFaults,
  surveySchema,
  tlsVersions,
  totalsOf,
  type Survey,
  type TlsVersion,
  type Trial,
} from './result.ts'
export { stackNames } from './settings.ts'
export { goodPresenter, planTrials, type Shown } from './trials.ts'
