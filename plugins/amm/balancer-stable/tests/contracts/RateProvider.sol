// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";

/// Says whatever rate it was told last; reverts where that is 0.
contract RateProvider {
    uint256 private rate;

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function getRate() external view returns (uint256) {
        require(rate != 0, "no rate");
        return rate;
    }
}
